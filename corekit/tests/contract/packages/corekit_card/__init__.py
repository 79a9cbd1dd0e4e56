"""A card of marks with notes: a plugin as it should be, of which faults are made by changing one thing."""
