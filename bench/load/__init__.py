"""What is sent: lines like the application's, other generators to hold against it, and the count of what arrived."""
