"""bin/demo: the app, its services and a simulated Shopify admin on this machine; --check drives it headless."""
