"""crmlab: practise, understand and keep alive the work in a CRM."""

__version__ = "0.1.0"
