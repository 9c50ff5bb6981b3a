"""What `manage.py demo` loads: a telecom reseller with customers, their sites, products and quotes.

names   what there is, as tables · places, people   addresses, numbers, contacts, recipients
logins  users, clients, tokens, and the file that keeps their secrets
story   how it all came about · trial   what is fit to be tried out right now
"""
