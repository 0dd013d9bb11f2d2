"""Use cases of billing: `issuing` numbers, writes, books and archives one document; `members` and `commissions` say
what is to be invoiced, `runs` does it for a month, `closing` closes months."""
