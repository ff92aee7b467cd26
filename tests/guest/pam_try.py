# SPDX-License-Identifier: GPL-2.0-or-later
"""pam_try.py SERVICE USER PASSWORD VERB...: what a program does by PAM.

VERBs are auth, open and close, in one process, change=PASSWORD for one that has
expired, and run=COMMAND between them.  The exit status is 0 if PAM returned success
each time.
"""
import ctypes
import ctypes.util
import os
import sys

PAM_PROMPT_ECHO_OFF = 1
PAM_CHANGE_EXPIRED_AUTHTOK = 0x20


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


TALK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(Message)),
                        ctypes.POINTER(ctypes.POINTER(Response)), ctypes.c_void_p)


class Conversation(ctypes.Structure):
    _fields_ = [("talk", TALK), ("data", ctypes.c_void_p)]


def main():
    service, user, password = (word.encode() for word in sys.argv[1:4])
    libc = ctypes.CDLL(None)
    libc.calloc.restype = libc.strdup.restype = ctypes.c_void_p
    libpam = ctypes.CDLL("libpam.so.0")
    answer = {"old": password, "new": b""}

    @TALK
    def talk(count, messages, responses, _data):
        answers = ctypes.cast(libc.calloc(count, ctypes.sizeof(Response)), ctypes.POINTER(Response))
        for i in range(count):
            if messages[i].contents.style == PAM_PROMPT_ECHO_OFF:
                asked = messages[i].contents.text
                answers[i].text = libc.strdup(answer["new" if b"ew password" in asked else "old"])
        responses[0] = answers
        return 0

    handle = ctypes.c_void_p()
    status = libpam.pam_start(service, user, ctypes.byref(Conversation(talk, None)), ctypes.byref(handle))
    calls = {"auth": libpam.pam_authenticate, "open": libpam.pam_open_session, "close": libpam.pam_close_session}
    for verb in sys.argv[4:]:
        if status:
            break
        if verb.startswith("run="):
            os.system(verb[4:])
        elif verb.startswith("change="):
            answer["new"] = verb[7:].encode()
            status = libpam.pam_chauthtok(handle, PAM_CHANGE_EXPIRED_AUTHTOK)
        else:
            status = calls[verb](handle, 0)
    libpam.pam_end(handle, status)
    sys.exit(1 if status else 0)


main()
