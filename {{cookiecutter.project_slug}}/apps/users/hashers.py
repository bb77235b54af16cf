"""Argon2id parameters.

https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
"""

from django.contrib.auth import hashers


class Argon2PasswordHasher(hashers.Argon2PasswordHasher):
    """Argon2id with the minimum parameters that OWASP recommends.

    Django's defaults use 100 MiB and eight threads per hash: concurrent logins would multiply the memory of a
    process, and a few of them would saturate the CPU.
    """

    memory_cost = 19 * 1024  # KiB
    time_cost = 2
    parallelism = 1
