"""From overrides and files to one plain configuration: Hydra, trust, secrets, and explanations of Hydra's errors."""
