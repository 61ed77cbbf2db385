"""The built-in roles for the data of a Durable Task Scheduler. Source: Azure built-in roles."""

ROLES = {
    "0ad04412-c4d5-4796-b79c-f76d14c8d402": "Durable Task Data Contributor",
    "80d0d6b0-f522-40a4-8886-a5a11720c375": "Durable Task Worker",
    "d6a5505f-6ebb-45a4-896e-ac8274cfc0ac": "Durable Task Data Reader",
}
IDS = {name: role for role, name in ROLES.items()}
