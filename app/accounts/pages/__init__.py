"""Pages of accounts: `account` to sign in and of one's own, `members` of the association's firms and
people, `association` of itself, `joining` for firms that ask to."""

from app.accounts.pages import account, association, joining, members
from app.accounts.words import role_words
from app.web.rendering import environment

routers = [account.router, association.router, joining.router, members.router]
environment().globals["role_words"] = role_words

__all__ = ["routers"]
