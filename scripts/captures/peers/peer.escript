#!/usr/bin/env escript
%%! -smp enable
%% A TLS client and server on Erlang's ssl, for captures of failures that other stacks make differently.
%%
%%   peer.escript client ADDRESS PORT "[ssl options]"
%%   peer.escript server PORT "[ssl options]"
-mode(compile).

options(Text) ->
    {ok, Tokens, _} = erl_scan:string(Text ++ "."),
    {ok, Options} = erl_parse:parse_term(Tokens),
    Options.

main(["client", Address, Port, Text]) ->
    ssl:start(),
    {ok, Ip} = inet:parse_address(Address),
    case ssl:connect(Ip, list_to_integer(Port), [{log_level, none}, {active, false}, binary | options(Text)], 5000) of
        {ok, Socket} ->
            ok = ssl:send(Socket, "GET / HTTP/1.0\r\n\r\n"),
            io:format(standard_error, "client: ~p~n", [ssl:recv(Socket, 0, 3000)]),
            ssl:close(Socket);
        Error ->
            io:format(standard_error, "client: ~p~n", [Error])
    end;
main(["server", Port, Text]) ->
    ssl:start(),
    {ok, Listener} = ssl:listen(list_to_integer(Port), [{log_level, none}, {reuseaddr, true}, {active, false}, binary | options(Text)]),
    accept(Listener).

accept(Listener) ->
    {ok, Transport} = ssl:transport_accept(Listener),
    case ssl:handshake(Transport, 5000) of
        {ok, Socket} ->
            io:format(standard_error, "server: ~p~n", [ssl:recv(Socket, 0, 3000)]),
            ssl:send(Socket, "HTTP/1.0 200 OK\r\n\r\nhello\n"),
            ssl:close(Socket);
        Error ->
            io:format(standard_error, "server: ~p~n", [Error])
    end,
    accept(Listener).
