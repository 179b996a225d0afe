"""Models of a CRM's data: frames in, a result with named parts out. Pure: no database, no views."""
