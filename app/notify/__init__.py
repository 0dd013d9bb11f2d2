"""Letters and mail: how people are told. `letters` writes them in plain text and HTML, `mail` sends them by a job."""
