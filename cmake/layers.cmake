# SPDX-License-Identifier: Apache-2.0
# Who may link whom: "room:the rooms it may link". Rows go bottom up, so an arrow always points
# at a row above and a circle cannot be written down. `element` and `card` meet only as bytes;
# services never see the holder's side (card, reader, wallet, client) nor each other.
set(MITOME_LAYERS
  "base:"
  "catalogue:base"
  "crypto:base"
  "apdu:base,crypto"
  "pki:base,crypto"
  "store:base,crypto,pki"
  "http:base,crypto,pki"
  "reader:base,apdu"
  "card:base,crypto,apdu,pki,reader"
  "element:base,crypto,apdu,pki"
  "signature:base,crypto,pki"
  "issuance:base,crypto,pki,store"
  "wallet:base,catalogue,crypto,apdu,pki,store,signature,reader,card"
  "client:base,catalogue,crypto,apdu,pki,store,http,signature,reader,wallet"

  "authority:base,catalogue,crypto,apdu,pki,http,store,issuance"
  "status:base,catalogue,crypto,apdu,pki,http,store,issuance"
  "maker:base,catalogue,crypto,apdu,pki,http,store,issuance"
  "registration:base,catalogue,crypto,apdu,pki,http,store,issuance"

  "cli:base,catalogue,crypto,apdu,pki,http,store,signature,card,reader,wallet,client,issuance"
  "element_process:base,crypto,apdu,pki,element,http")  # apps/element

# Answers in `out` the rooms that `room` may link.
function(mitome_arrows room out)
  foreach(row IN LISTS MITOME_LAYERS)
    if(row MATCHES "^${room}:(.*)$")
      string(REPLACE "," ";" arrows "${CMAKE_MATCH_1}")
      set(${out} ${arrows} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "layers: room '${room}' has no row in cmake/layers.cmake")
endfunction()

# Stops the build when `room` links one of the rooms in ARGN without an arrow. A room may be built
# as several libraries, `room` and `room_…`, which see each other.
function(mitome_check_arrows room)
  mitome_arrows(${room} arrows)
  foreach(target IN LISTS ARGN)
    if(target STREQUAL room OR target IN_LIST arrows)
      continue()
    endif()
    if(NOT target IN_LIST MITOME_ROOMS AND target MATCHES "^${room}_")
      continue()
    endif()
    message(FATAL_ERROR "layers: ${room} may not link ${target}; "
      "the arrows are data in cmake/layers.cmake")
  endforeach()
endfunction()

set(MITOME_ROOMS)
foreach(row IN LISTS MITOME_LAYERS)
  string(REGEX MATCH "^([a-z0-9_]+):([a-z0-9_,]*)$" row_ok "${row}")
  if(NOT row_ok)
    message(FATAL_ERROR "layers: cannot read the row '${row}'")
  endif()
  set(room ${CMAKE_MATCH_1})
  string(REPLACE "," ";" arrows "${CMAKE_MATCH_2}")
  foreach(arrow IN LISTS arrows)
    if(NOT arrow IN_LIST MITOME_ROOMS)
      message(FATAL_ERROR "layers: ${room} points at ${arrow}, which has no row above it")
    endif()
  endforeach()
  list(APPEND MITOME_ROOMS ${room})
endforeach()
