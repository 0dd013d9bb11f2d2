"""Pages of accounts: `account` to sign in and of one's own, `members` of the association's firms and
people, `joining` for firms that ask to."""

from app.accounts.pages import account, joining, members

routers = [account.router, joining.router, members.router]

__all__ = ["routers"]
