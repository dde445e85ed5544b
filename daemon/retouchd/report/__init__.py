"""What the ledger says, for people: reports, the alternatives, what-if."""
