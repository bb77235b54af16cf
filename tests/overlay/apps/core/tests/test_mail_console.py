"""Email on the console."""

from io import StringIO

from django.core.mail import EmailMessage

from apps.core.mail import ConsoleBackend


def test_console_backend_prints_decoded_text() -> None:
    output = StringIO()
    mail = EmailMessage(
        "Grüße", "https://app.example.com/?token=a-long-token=" + "x" * 99, to=["ann@example.com"]
    )
    assert ConsoleBackend(stream=output).send_messages([mail]) == 1
    assert output.getvalue().startswith(f"To: ann@example.com\nSubject: Grüße\n\n{mail.body}\n---")
