# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The table: what the two ends of a connection do, what each has to see of the
# other, and what the record says. Sourced by conform, which reads it with these:
#
#	row NAME           one case; what follows belongs to it
#	client STEP...     talk's steps; {} is the byte that routes the connection,
#	target STEP...     and @name in touch: and await: a file of this case alone
#	target refuses     nobody listens
#	target full        it never answers: its queue is full
#	target unasked     it listens, and no connection may come
#	record FIELD=VALUE...  in one line of byte-proxy's log
#	at_once N          so many such connections at the same time
#	meanwhile COMMAND  while both go on; it has to succeed
#	afterwards COMMAND when both are done
#	waits              it takes time, not work: run beside others that wait
#	patient            for a proxy that looks after ends that vanish, see vanish
#	only WORD WHY      for what is said to be WORD by IS, see conform
#	instead WORD       what follows is what that one sees
#
# A WORD is one of those in IS: byte-proxy, routes, keeps (two processes have the
# client's socket), deferred (the kernel accepts a client when it has sent
# something, or has been silent for some seconds), pair (the client is a pair of
# unix sockets: socat holds its TCP connection), pipes (the same by two pipes).
#
# With pipes socat 1.7 does not notice that byte-proxy has no more to say: it has
# the other ends of both pipes itself. So the target's end does not reach a client
# that has not ended itself, and then takes as long as socat's -t says.

row 'the client half-closes, 200 KB come after it'
client send:'{}request' shut get:200000 eof
target expect:request eof wait:800 put:200000 shut
record result=closed bytes_up=7 bytes_down=200000
waits
instead pipes
target expect:request eof wait:200 put:200000 shut

row 'the target half-closes, 200 KB go after it'
client send:'{}hello' expect:bye eof wait:800 put:200000 shut
target expect:hello send:bye shut get:200000 eof
record result=closed bytes_up=200005 bytes_down=3
waits
instead pipes
client send:'{}hello' expect:bye wait:200 put:200000 shut eof

row 'the client closes'
client send:'{}x' expect:y close
target expect:x send:y within:1000 eof
record result=closed bytes_up=1 bytes_down=1

row 'the target closes'
client send:'{}x' expect:y within:1000 eof
target expect:x send:y close
record result=closed bytes_up=1 bytes_down=1
instead pipes
client send:'{}x' expect:y shut eof

# A reset has to be seen within a second.
row 'the client resets'
client send:'{}x' expect:y reset
target expect:x send:y within:1000 reset-seen
record result=client-reset bytes_up=1 bytes_down=1
# socat reads the reset, and ends; a unix socket and a pipe have no more to say.
instead pair
target expect:x send:y within:1000 eof
record result=closed
instead pipes
target expect:x send:y within:1000 eof
record result=closed

row 'the target resets'
client send:'{}x' expect:y within:1000 reset-seen
target expect:x send:y wait:50 reset
record result=target-reset bytes_up=1 bytes_down=1
# "A unix socket cannot be reset, and a pipe neither: what is cut off there ends."
instead pair
client send:'{}x' expect:y within:1000 eof
instead pipes
client send:'{}x' expect:y eof

row 'what the client sent before its reset arrives'
client send:'{}x' expect:y put:100000 acked reset
target expect:x send:y get:100000 within:1000 reset-seen
record result=client-reset bytes_up=100001
instead pair
target expect:x send:y get:100000 within:1000 eof
record result=closed bytes_up=100001
instead pipes
target expect:x send:y get:100000 within:1000 eof
record result=closed bytes_up=100001

row 'what the target sent before its reset arrives'
client send:'{}x' get:100000 within:1000 reset-seen
target expect:x put:100000 acked reset
record result=target-reset bytes_down=100000
instead pair
client send:'{}x' get:100000 within:1000 eof
instead pipes
client send:'{}x' get:100000 eof

row 'the client resets after its half-close'
client send:'{}x' shut expect:y reset
target expect:x eof send:y within:1000 reset-seen
record result=client-reset
instead pair
target expect:x eof send:y shut
record result=closed
instead pipes
target expect:x eof send:y shut
record result=closed

row 'the target resets after its half-close'
client send:'{}x' expect:y eof touch:@seen within:1000 reset-seen
target expect:x send:y shut await:@seen reset
record result=target-reset
instead pair
none 'to a unix socket there is no more to say'
instead pipes
none 'to a pipe there is no more to say'

row '50 MB both ways at once'
client send:'{}' both:50000000@3 shut eof
target both:50000000@3 eof shut
record result=closed bytes_up=50000000 bytes_down=50000000

row 'a stalled target costs no CPU and gets all'
client send:'{}' "put:$STALL_BYTES@5" shut eof
target await:@go "get:$STALL_BYTES@5" eof
meanwhile stall_costs_nothing
record result=closed "bytes_up=$STALL_BYTES"

row 'a stalled client costs no CPU and gets all'
client send:'{}x' await:@go "get:$STALL_BYTES@6" eof
target expect:x "put:$STALL_BYTES@6" shut eof
meanwhile stall_costs_nothing
record result=closed "bytes_down=$STALL_BYTES"
instead pipes
client send:'{}x' await:@go "get:$STALL_BYTES@6" shut eof

row 'segments of 100 bytes to a stalled target, the same'
client send:'{}' put:2000000@5 "tiny:$STALL_SEGMENTS" shut eof
target get:2000000@5 await:@go "get:$((STALL_SEGMENTS * 100))" eof
meanwhile stall_costs_nothing
record result=closed "bytes_up=$((2000000 + STALL_SEGMENTS * 100))"

row 'two small writes each way do not wait'
client send:'{}' rtt:60 shut eof
target pairs
# Where one of them waits for the other each takes 40 ms. On a busy machine some
# are late: half of them may be.
afterwards printed_at_most 30
record result=closed bytes_up=480 bytes_down=480
# socat's own socket waits: none of its one-liners has nodelay.
instead pair
target echo
instead pipes
target echo

row 'the byte, data and the end in one segment'
client last:'{}hello' expect:bye eof
target expect:hello eof send:bye shut
record result=closed bytes_up=5 bytes_down=3

row 'the byte and the end, and nothing else'
client last:'{}' expect:bye eof
target eof send:bye shut
record result=closed bytes_up=0 bytes_down=3
only routes 'it strips no byte'

row 'an unknown byte, 1 MB behind it: an end, no reset'
client send:'\xee' put:1000000 eof
target unasked
record result=no-route byte=0xee bytes_up=0
only routes 'it strips no byte'
instead pipes
none 'byte-proxy leaves what is in a pipe, and socat resets its client'

row 'a silent client is closed, and no target asked'
client within:12000 eof
target unasked
record result=first-byte-timeout
waits

row 'a silent close makes no connection to the target'
client wait:200 shut eof
target unasked
record result=no-byte
waits

row 'a target that refuses: an end, no reset'
client send:'{}' put:100000 eof
target refuses
record result=connect-failed bytes_up=0
instead pipes
# socat ends with byte-proxy, and resets a client that has more to send then.
client send:'{}hello' eof

row 'a target that does not answer: an end, no reset'
client send:'{}' put:100000 within:9000 eof
target full
record result=connect-timeout bytes_up=0
waits

row 'the server speaks first'
client send:'{}' expect:220 send:hello expect:250 shut eof
target send:220 expect:hello send:250 eof
record result=closed bytes_up=5 bytes_down=6

row '200 at once'
client send:'{}' both:20000@7 shut eof
target echo
at_once "$AT_ONCE"
record result=closed bytes_up=20000 bytes_down=20000

row 'idle, then data'
client send:'{}one' expect:one wait:1500 send:two expect:two shut eof
target echo
record result=closed bytes_up=6 bytes_down=6
waits

row 'urgent data of the client, in its place'
client send:'{}abc' expect:d oob:X send:def shut expect:done eof
target expect:abc send:d expect-oob:X expect:def eof send:done shut
record result=closed
instead pair
none 'socat forwards no urgent data'
instead pipes
none 'socat forwards no urgent data'

row 'urgent data of the target, in its place'
client send:'{}abc' expect:d expect-oob:X expect:def eof
target expect:abc send:d wait:50 oob:X send:def shut
record result=closed
instead pair
none 'a unix socket of socat is told, and socat forwards none'
instead pipes
none 'a pipe has none'

row 'the target reads nothing for long, and then all'
client send:'{}' put:8000000@8 shut eof
target "wait:$ZERO_WINDOW_MS" get:8000000@8 eof
record result=closed bytes_up=8000000
waits

row 'the client reads nothing for long, and then all'
client send:'{}x' "wait:$ZERO_WINDOW_MS" get:8000000@9 eof
target expect:x put:8000000@9 shut eof
record result=closed bytes_down=8000000
waits
instead pipes
client send:'{}x' "wait:$ZERO_WINDOW_MS" get:8000000@9 shut eof

# The client's machine loses its power, in each state of a connection. These run
# together; @gone is there when it is.
row 'the client vanishes before its first byte'
client touch:@up await:@never
target unasked
record result=first-byte-timeout
patient
instead deferred
none 'it never was a connection to anybody but the kernel'

row 'the client vanishes while its target is connected to'
client send:'{}x' touch:@up await:@never
target full
record result=connect-timeout
patient

row 'an idle client vanishes'
client send:'{}x' expect:y touch:@up await:@never
target expect:x send:y await:@gone reset-seen
record result=client-reset
patient

row 'the client vanishes, and data is sent to it'
client send:'{}x' expect:y touch:@up await:@never
target expect:x send:y await:@gone send:more reset-seen
record result=client-reset
patient

row 'the client vanishes after its half-close'
client send:'{}x' shut expect:y touch:@up await:@never
target expect:x eof send:y await:@gone reset-seen
record result=client-reset
patient

row 'the client vanishes after the half-close of the target'
client send:'{}x' expect:y eof touch:@up await:@never
target expect:x send:y shut await:@gone reset-seen
record result=client-reset
patient

row 'the client vanishes while it reads nothing'
client send:'{}x' await:@never
target expect:x fill touch:@up reset-seen
record result=client-reset
patient
