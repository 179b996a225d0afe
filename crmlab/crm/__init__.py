"""The practice CRM: tables, permissions, audit trail, operations."""
