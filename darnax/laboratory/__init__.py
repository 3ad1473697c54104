"""One run, from a configuration or its folder: opens data, makes the folder, trains, resumes."""
