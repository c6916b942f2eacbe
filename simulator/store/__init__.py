"""What one simulated shop holds (catalogue, stock, orders) and what can happen to it."""
