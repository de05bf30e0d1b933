"""What resolved questions and cases teach."""
