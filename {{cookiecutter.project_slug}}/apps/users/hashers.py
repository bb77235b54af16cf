"""What a password costs to try.

https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
"""

from django.contrib.auth import hashers


class Argon2PasswordHasher(hashers.Argon2PasswordHasher):
    """Argon2id with the least that OWASP recommends.

    Django's own costs take 100 MiB and all processors for each log-in: the threads of one process would take
    more memory at the same time than the rest of it, and few log-ins at once would keep everybody waiting.
    """

    memory_cost = 19 * 1024  # KiB
    time_cost = 2
    parallelism = 1
