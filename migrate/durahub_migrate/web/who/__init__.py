"""Who asks, and what they may do: loopback, tokens, a trusted proxy, an identity provider, grants."""
