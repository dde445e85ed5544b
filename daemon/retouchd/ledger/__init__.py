"""The SQLite ledger: journal, usage, prices, reports."""
