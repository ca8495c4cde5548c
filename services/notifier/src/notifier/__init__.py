"""The notifier: notifications by inbox and by e-mail."""
