"""Sums of jobs for reports: added up once, kept beside the ledger, merged."""
