"""Logs in with the generated client and prints the email of the user, and the error of a request without a token."""

import os

from my_api_client import AuthenticatedClient, Client
from my_api_client.api.auth import auth_token_create
from my_api_client.api.users import users_me_retrieve
from my_api_client.models import LoginRequest, Problem, TokenPair, User

URL = os.environ["URL"]
anonymous = Client(base_url=URL)
body = LoginRequest(email=os.environ["EMAIL"], password=os.environ["PASSWORD"])
tokens = auth_token_create.sync(client=anonymous, body=body)
assert isinstance(tokens, TokenPair)
me = users_me_retrieve.sync(client=AuthenticatedClient(base_url=URL, token=tokens.access))
assert isinstance(me, User)
print(me.email)
