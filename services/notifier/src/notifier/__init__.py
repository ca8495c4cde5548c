"""Who is told: notifications by inbox and by e-mail."""
