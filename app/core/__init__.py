"""What every domain stands on: settings, database, money, time, errors, audit, jobs, mail, languages, files.

Nothing here knows a domain; nothing here imports one.
"""
