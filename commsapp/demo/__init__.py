"""What `manage.py demo` loads: a telecom reseller with customers, their sites, products and quotes.

names   what there is, as tables · places, people   addresses, numbers, contacts, recipients
logins  users, clients, tokens, and the file that keeps their secrets
days    when it all came about · story   how · trial   what is fit to be tried out right now
"""
