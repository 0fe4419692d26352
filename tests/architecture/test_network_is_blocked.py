"""No test talks to the outside, and only marked tests talk to this machine."""

from __future__ import annotations

import socket
import threading

import pytest
from pytest_socket import SocketBlockedError, SocketConnectBlockedError

OUTSIDE = "192.0.2.1"  # reserved for documentation (RFC 5737): nobody answers there


def test_opening_a_network_socket_is_refused() -> None:
    with pytest.raises(SocketBlockedError):
        socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def test_looking_up_a_name_and_connecting_is_refused() -> None:
    with pytest.raises(SocketBlockedError):
        socket.create_connection((OUTSIDE, 80), timeout=1)


@pytest.mark.loopback
def test_a_marked_test_reaches_its_own_server_but_nothing_outside() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        answering = threading.Thread(target=_answer_once, args=(server,))
        answering.start()
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            assert client.recv(16) == b"here"
        answering.join(timeout=5)
    with pytest.raises(SocketConnectBlockedError), socket.socket() as client:
        client.connect((OUTSIDE, 80))


def _answer_once(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"here")


def test_the_next_unmarked_test_is_blocked_again() -> None:
    with pytest.raises(SocketBlockedError):
        socket.socket()
