"""Log in with the generated client; print the email of the user, and the error of a request without a token."""

import os

from my_api_client import AuthenticatedClient, Client
from my_api_client.api.auth import auth_token_create
from my_api_client.api.users import users_me_retrieve
from my_api_client.models import LoginInputRequest, Problem, ProfileOutput, TokenPairOutput

URL = os.environ["URL"]
anonymous = Client(base_url=URL)
body = LoginInputRequest(email=os.environ["EMAIL"], password=os.environ["PASSWORD"])
tokens = auth_token_create.sync(client=anonymous, body=body)
assert isinstance(tokens, TokenPairOutput)
profile = users_me_retrieve.sync(client=AuthenticatedClient(base_url=URL, token=tokens.access))
assert isinstance(profile, ProfileOutput)
print(profile.email)
problem = users_me_retrieve.sync(client=AuthenticatedClient(base_url=URL, token="invalid"))
assert isinstance(problem, Problem)
print(problem.type_)
