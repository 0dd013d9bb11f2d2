"""Pages of accounts: `account` to sign in and of one's own, `members` of the association's firms and people."""

from app.accounts.pages import account, members

routers = [account.router, members.router]

__all__ = ["routers"]
