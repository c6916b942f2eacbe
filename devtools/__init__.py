"""What a developer's machine needs around the app: embedded servers, set-up, the demo, generated docs."""
