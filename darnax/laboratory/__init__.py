"""One run, from its configuration or its folder: opens the data, makes the folder, trains, resumes, reopens."""
