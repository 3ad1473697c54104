"""A package outside darnax: one extension in each file, named in a configuration by `_target_`."""
