"""Use cases of the main loop, by what they act on. None commits; each checks the actor's permission."""
