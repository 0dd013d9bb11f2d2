"""Who is who: the association, its parks, member companies, people, roles, sign-in, sessions and API keys."""
