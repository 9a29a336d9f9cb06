"""Small tools that every room may use: errors, unknowns, clock, money, progress, translations, safe files."""
