"""What a request asks for, once: the store and its slots, batches, calls and what is kept of them."""
