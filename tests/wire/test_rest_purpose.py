"""What a request beside a WebSocket is for."""

import pytest

from recorder.wire.rest_purpose import purpose_of


@pytest.mark.parametrize(
    ("method", "target", "purpose"),
    [
        ("GET", "/api/account/1/service/baseURI.json?version=1.0", "domain-lookup"),
        ("GET", "/api/account/1/service/idp/baseURI", "domain-lookup"),
        ("GET", "/csdr/account/1/service/asyncMessagingEnt/baseURI.lpCsds?version=3&cb=f", "domain-lookup"),
        ("POST", "/api/account/1/signup", "signup"),
        ("GET", "/api/account/1/signup.jsonp?callback=f", "signup"),
        ("POST", "/api/account/1/authenticate", "login"),
        ("POST", "/api/account/1/anonymous/authorize", "login"),
        ("POST", "/api/account/1/app/web/authenticate?v=3.0", "login"),
        ("POST", "/api/account/1/login?v=1.3", "login"),
        ("PUT", "/v1/AUTH_async-images/1/a.png?temp_url_sig=x", "upload"),
        ("GET", "/v1/AUTH_async-images/1/a.png", "other"),
        ("GET", "/api/account/1/signup/more", "other"),
        ("GET", "/", "other"),
        ("GET", "", "other"),
    ],
)
def test_the_documented_addresses_say_what_a_request_is_for(method, target, purpose):
    assert purpose_of(method, target) == purpose
