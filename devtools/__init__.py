"""What bin/demo and bin/test need beside the app: embedded PostgreSQL and Valkey, assets, browser."""
