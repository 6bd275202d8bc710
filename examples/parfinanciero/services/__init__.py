"""The REST services of Parfinanciero (`catalogue.py` names them all), and the identity provider that they trust.

Each service is one aiohttp application with an SQLite file of its own; nothing here knows of Stolon. A
request goes through `application.py` (counting, problems, security) to the handlers of its service
(`users.py`, `orders.py`, `payments.py`, ...) and from there to the service's store. `runner.py` starts one
service as a process.
"""
