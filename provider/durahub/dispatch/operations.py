"""All that clients do with a hub: orchestrations and entities together."""

from durahub.dispatch.clients import Clients
from durahub.dispatch.entity_clients import EntityClients


class Operations(EntityClients, Clients):
    """The client operations of one hub; without a dispatcher a worker elsewhere takes what is sent."""
