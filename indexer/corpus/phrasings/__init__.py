"""Questions of visitors that editors accept into answers, or refuse: the line they get, and what is remembered."""
