"""What is booked, and what must hold of it: offers, orders, deliveries, money, prices, credit."""
