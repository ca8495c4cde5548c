"""The routes: those that every workflow has, and those of one alone."""
