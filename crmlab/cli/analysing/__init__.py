"""What `crmlab analyse` tells of each model: as JSON, and in sentences."""
