"""Smart-specialisation brief of a region."""
