"""Pages of accounts: `account` to sign in and of one's own, `members` of the association's firms and
people, `association` of itself, `joining` for firms that ask to."""

from app.accounts.labels import role_words
from app.accounts.pages import account, association, join_requests, members
from app.core.templating import environment

routers = [account.router, association.router, join_requests.router, members.router]
environment().globals["role_words"] = role_words

__all__ = ["routers"]
