"""Stand-ins to play with: a pretend EHR and a pretend payer. Never for real people."""
