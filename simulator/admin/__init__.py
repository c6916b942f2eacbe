"""What stands for admin.shopify.com: the page that embeds the app, and App Bridge's stand-in."""
