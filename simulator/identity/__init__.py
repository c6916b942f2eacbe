"""Who may call: ID tokens, access and refresh tokens, installation, and signed queries."""
